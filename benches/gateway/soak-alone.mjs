// The soak alone, with sessions that come and go at a rate: it fails if an answer was wrong, or memory grows in its second
// half. environment: SOAK_SECONDS, SOAK_RATE sessions a second, SOAK_PACE milliseconds between turns of a kept session,
// SOAK_RESTART_EVERY seconds between kills of the server, 0 for none
// usage: tools/build-worker.sh && node benches/gateway/soak-alone.mjs
import { soak } from './soak.mjs';

const LIMIT = 0.03;

const seconds = Number(process.env.SOAK_SECONDS ?? 3_600);
const rate = Number(process.env.SOAK_RATE ?? 28); // 100,000 in an hour
const restartEvery = 1_000 * Number(process.env.SOAK_RESTART_EVERY ?? 15);
const pace = Number(process.env.SOAK_PACE ?? 1_000);
const onWrong = ({ message, cause }, lines) =>
  console.log(`${new Date().toISOString()} wrong: ${message} ${cause ?? ''}\n  ${lines.join('\n  ')}`);
const { memory, ...tally } = await soak(seconds, { restartEvery, rate, pace, onWrong, tell: console.log });
const percent = `${(100 * memory.growth).toFixed(1)} %`;
console.log(JSON.stringify(tally));
console.log(
  `memory of workerd: ${memory.start.toFixed(0)} MB at the start, ${memory.end.toFixed(0)} MB at the end, ` +
    `${memory.most.toFixed(0)} MB at most; in the second half it grew by ${percent}`,
);
if (tally.wrong > 0) throw new Error(`${tally.wrong} answers were wrong`);
if (memory.growth > LIMIT) throw new Error(`memory grew by ${percent} in the second half, more than ${100 * LIMIT} %`);
