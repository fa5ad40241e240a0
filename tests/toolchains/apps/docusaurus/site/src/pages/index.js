import { useEffect } from 'react';
import { show } from '../page.js';

export default function Page() {
  useEffect(() => {
    show();
  }, []);
  return <main>Docusaurus</main>;
}
