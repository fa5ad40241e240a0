// Puts the module into JavaScript, for npm/base64.js: raw DEFLATE, which both Node and a page undo without a library, then base64.
// usage: node tools/pack-module.mjs <module> <JavaScript file to write>

import { readFileSync, writeFileSync } from 'node:fs';
import { deflateAsync } from '@gfx/zopfli';

const [module, target] = process.argv.slice(2);
// 4 % smaller than zlib at its best, for 5 s once a build.
const deflated = await deflateAsync(readFileSync(module), { numiterations: 5 });
writeFileSync(target, `export const packed = '${Buffer.from(deflated).toString('base64')}';\n`);
