// @ts-check
// The rest of mcp-tether/oauth, which it loads when it is used.

export { deviceFlow } from './oauth/more/device.js';
export { fileStorage } from './oauth/more/file.js';
export { isForgotten } from './oauth/more/forgotten.js';
export { loopback } from './oauth/more/loopback.js';
export { machineLogin, prove } from './oauth/more/machine.js';
export { revoke } from './oauth/more/revoke.js';
export { proofOf, proverOf } from './oauth/proof.js';
