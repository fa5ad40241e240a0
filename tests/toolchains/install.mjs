// Installs the packages of some toolchains, or of all. usage: node tests/toolchains/install.mjs [project…]

import { install } from './project.mjs';
import { projects } from './projects.mjs';

const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(projects)) {
  try {
    await install(name);
    console.log(name);
  } catch (error) {
    console.log(`${name}: ${error.stderr || error.message}`);
  }
}
