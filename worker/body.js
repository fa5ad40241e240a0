// Reading a request's body, up to a limit.

/** The body as text; undefined when it is larger than `limit` bytes, of which no more than that is read. */
export async function readText(request, limit) {
  const declared = request.headers.get('content-length');
  if (Number(declared) > limit) return undefined;
  if (declared !== null) return request.text(); // HTTP holds it to what it declared
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return new Blob(chunks).text();
}
