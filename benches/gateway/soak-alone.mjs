// The soak alone, with sessions that come and go at a rate: it fails if memory grows in its second half.
// environment: SOAK_SECONDS, SOAK_RATE sessions a second, SOAK_RESTART_EVERY seconds between kills of the server, 0 for none
// usage: tools/build-worker.sh && node benches/gateway/soak-alone.mjs
import { soak } from './soak.mjs';

const LIMIT = 0.03;

const seconds = Number(process.env.SOAK_SECONDS ?? 3_600);
const rate = Number(process.env.SOAK_RATE ?? 28); // 100,000 in an hour
const restartEvery = 1_000 * Number(process.env.SOAK_RESTART_EVERY ?? 15);
const { memory, ...tally } = await soak(seconds, { restartEvery, rate, tell: console.log });
const percent = `${(100 * memory.growth).toFixed(1)} %`;
console.log(JSON.stringify(tally));
console.log(
  `memory of workerd: ${memory.start.toFixed(0)} MB at the start, ${memory.end.toFixed(0)} MB at the end, ` +
    `${memory.most.toFixed(0)} MB at most; in the second half it grew by ${percent}`,
);
if (memory.growth > LIMIT) throw new Error(`memory grew by ${percent} in the second half, more than ${100 * LIMIT} %`);
