// @ts-check
// The rest of mcp-tether/oauth, which it loads when it is used.

export { DPoP, generateKeyPair, PrivateKeyJwt } from 'oauth4webapi';
export { deviceFlow } from './oauth/more/device.js';
export { fileStorage } from './oauth/more/file.js';
export { loopback } from './oauth/more/loopback.js';
export { clientCredentials, enterprise, jwtBearer, privateKeyJwt } from './oauth/more/machine.js';
