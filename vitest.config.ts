import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: 'test/support/shared-folder.ts',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Tests of the command line import the built program as Node does.
    server: { deps: { external: [/\/dist\//] } },
    // Nothing is written into the cache of whoever runs the tests, nor taken from it.
    env: { PROMPTSRC_CACHE: 'off' },
    // ONNX Runtime brings its own threads: more than two workers would only fight over the cores.
    maxWorkers: 2,
  },
})
