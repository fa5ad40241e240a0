import { createFileRoute } from '@tanstack/react-router';
import { useEffect } from 'react';
import { show } from '../page.js';

function Home() {
  useEffect(() => {
    show();
  }, []);
  return <main>TanStack Start</main>;
}

export const Route = createFileRoute('/')({ component: Home });
