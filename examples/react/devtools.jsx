// The devtools as a component: load it with React's `lazy`, so that only those who ask for it download it.

import { mountDevtools } from 'mcp-tether/devtools';
import { useEffect, useRef } from 'react';

export default function Devtools({ manager }) {
  const place = useRef(null);
  useEffect(() => {
    const element = mountDevtools(manager, { target: place.current });
    return () => element.remove();
  }, [manager]);
  return <div ref={place} />;
}
