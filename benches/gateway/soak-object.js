// The baseline of the soak's memory: a plain JavaScript Durable Object with the storage operations of a session, or
// without any, and an end.
import { DurableObject } from 'cloudflare:workers';

const HOUR = 3_600_000;

// /{operations}/{name of the object}/{begin or end}
export default {
  async fetch(request, { OBJECTS }) {
    const [, operations, name, step] = new URL(request.url).pathname.split('/');
    await OBJECTS.get(OBJECTS.idFromName(name))[step](operations);
    return new Response(step);
  },
};

export class Brief extends DurableObject {
  async begin(operations) {
    const { storage } = this.ctx;
    if (operations.includes('sql')) {
      storage.sql.exec('CREATE TABLE IF NOT EXISTS session (owner TEXT, touched INTEGER)');
      storage.sql.exec('INSERT INTO session VALUES (?, ?)', 'x'.repeat(500), Date.now());
    }
    if (operations.includes('alarm')) await storage.setAlarm(Date.now() + HOUR);
  }

  async end(operations) {
    const { storage } = this.ctx;
    if (operations.includes('alarm')) await storage.deleteAlarm();
    if (operations.includes('delete')) await storage.deleteAll();
  }

  alarm() {}
}
