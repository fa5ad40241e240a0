// @ts-check
// The rest of mcp-tether/oauth, which it loads when it is used.

export { DPoP, generateKeyPair } from 'oauth4webapi';
export { deviceFlow } from './oauth/more/device.js';
export { fileStorage } from './oauth/more/file.js';
export { loopback } from './oauth/more/loopback.js';
export { clientCredentials, enterprise, jwtBearer, prove } from './oauth/more/machine.js';
