// Shared modules are there after a first import().
import('./start.js');
