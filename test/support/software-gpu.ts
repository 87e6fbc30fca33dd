import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** Debian's Chromium brings a Vulkan driver that computes on the processor: slow, but WebGPU. */
const chromium = '/usr/lib/chromium'

/** Whether there is one. */
export const hasSoftwareGpu =
  existsSync(`${chromium}/vk_swiftshader_icd.json`) && existsSync(`${chromium}/libvulkan.so.1`)

/** The environment of a process that finds it. */
export const softwareGpu = {
  LD_LIBRARY_PATH: chromium,
  VK_ICD_FILENAMES: `${chromium}/vk_swiftshader_icd.json`,
  XDG_RUNTIME_DIR: tmpdir(),
}
