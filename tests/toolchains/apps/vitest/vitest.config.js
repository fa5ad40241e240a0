import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { provide: { server: process.env.SERVER } } });
