import 'mcp-tether';

import('remote/page').then(({ show }) => show());
