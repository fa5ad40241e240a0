// Servers that answer every request alike.

export const words =
  (status, text, headers = {}) =>
  (_request, response) =>
    response.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(text);

export const page = (status, text, headers) => words(status, text, { 'Content-Type': 'text/html', ...headers });

export const json = (status, value, headers) =>
  words(status, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers });
