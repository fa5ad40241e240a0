import { Outlet, Scripts } from 'react-router';

export default function Root() {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        <title>React Router</title>
      </head>
      <body>
        <Outlet />
        <Scripts />
      </body>
    </html>
  );
}
