import { onMount } from 'solid-js';
import { show } from '../page.js';

export default function Home() {
  onMount(show);
  return <main>SolidStart</main>;
}
