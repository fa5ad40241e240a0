module.exports = {
  title: 'Docusaurus',
  url: 'https://docs.example',
  baseUrl: '/app/',
  presets: [['classic', { docs: false, blog: false }]],
};
