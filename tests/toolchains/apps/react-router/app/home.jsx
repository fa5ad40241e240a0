import { useEffect } from 'react';
import { show } from './page.js';

export default function Home() {
  useEffect(() => {
    show();
  }, []);
  return <main>React Router</main>;
}
