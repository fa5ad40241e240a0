// Choose a framework, enter the origin of a page, and copy the lines that let it use the server.

import { computed, defineComponent, h, ref } from 'vue';
import { data as snippets } from './cors.data.js';

/** The origin of an address, or undefined if it is none that a page can have. */
function originOf(text) {
  const address = text.trim();
  if (address === '*') return '*';
  try {
    const { host, origin, protocol } = new URL(/^[a-z]+:\/\//i.test(address) ? address : `https://${address}`);
    // Some browsers escape what no host may have.
    return /^https?:$/.test(protocol) && !host.includes('%') ? origin : undefined;
  } catch {
    return undefined;
  }
}

export default defineComponent({
  name: 'CorsGenerator',
  setup() {
    const chosen = ref(0);
    const typed = ref('https://app.example');
    const copied = ref('');
    const origin = computed(() => originOf(typed.value));
    const code = computed(() => snippets[chosen.value].code.replaceAll('https://app.example', origin.value ?? ''));
    const problem = computed(() =>
      origin.value ? '' : 'Not an origin: enter the address of your page, such as https://app.example, or *.',
    );
    const copy = async () => {
      await navigator.clipboard.writeText(code.value);
      copied.value = 'Copied.';
    };
    const change = (target, convert) => (event) => {
      target.value = convert(event.target.value);
      copied.value = '';
    };
    return () =>
      h('form', { class: 'cors-generator', onSubmit: (event) => event.preventDefault() }, [
        fieldOf('Server', h('select', { value: chosen.value, onChange: change(chosen, Number) }, optionsOf())),
        fieldOf(
          'Origin of the page',
          h('input', {
            value: typed.value,
            onInput: change(typed, String),
            spellcheck: false,
            autocomplete: 'off',
            'aria-invalid': problem.value !== '',
            'aria-describedby': 'cors-problem',
          }),
        ),
        h('p', { id: 'cors-problem', role: 'status' }, problem.value || copied.value),
        h('pre', { tabindex: 0, role: 'region', 'aria-label': 'Lines to paste' }, problem.value ? '' : code.value),
        h('button', { type: 'button', disabled: problem.value !== '', onClick: copy }, 'Copy'),
      ]);
  },
});

const fieldOf = (label, control) => h('label', [h('span', label), control]);
const optionsOf = () => snippets.map(({ title }, index) => h('option', { value: index }, title));
