// The whole script of the page that logins come back to.

import { callback } from 'mcp-tether/oauth';

callback();
