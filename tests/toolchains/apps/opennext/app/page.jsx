'use client';

import { useEffect } from 'react';
import { show } from '../shared/page.js';

export default function Page() {
  useEffect(() => {
    show();
  }, []);
  return <main>Next</main>;
}
