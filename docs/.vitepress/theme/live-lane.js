// A button that opens the lanes of the demo page, which is beside the documents, with one fault. Nothing of it is loaded before.

import { defineComponent, h, ref } from 'vue';

export default defineComponent({
  name: 'LiveLane',
  props: { fault: { type: String, required: true } },
  setup({ fault }) {
    const isOpen = ref(false);
    const open = () => {
      isOpen.value = true;
    };
    return () =>
      h(
        'div',
        { class: 'live-lane' },
        isOpen.value
          ? h('iframe', { src: `../live.html#${fault}`, title: 'Two clients on one server, live' })
          : h('button', { type: 'button', onClick: open }, 'Watch it live, with both clients'),
      );
  },
});
