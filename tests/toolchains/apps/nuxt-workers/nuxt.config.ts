export default defineNuxtConfig({
  compatibilityDate: '2026-04-01',
  telemetry: false,
  nitro: { preset: 'cloudflare_module', experimental: { wasm: true } },
});
