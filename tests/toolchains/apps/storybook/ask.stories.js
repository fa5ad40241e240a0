import { show } from './page.js';

export default { title: 'Ask' };

export const Ask = {
  render() {
    show();
    return 'Storybook';
  },
};
