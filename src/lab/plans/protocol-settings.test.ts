import { describe, expect, it } from 'vitest'
import { methods } from '../../core/methods/registry.js'
import { resolveSettings } from '../../core/train/settings.js'
import { embeddedSettings } from './embedded.js'
import { protocols } from './protocol.js'
import { protocolSettings, type SettingsContext } from './protocol-settings.js'

const of = (context: Partial<SettingsContext>) =>
  protocolSettings({
    protocol: 'base-to-novel',
    method: 'promptsrc',
    source: 'ImageNet',
    shots: 16,
    ...context,
  })

describe('settings of the protocols', () => {
  it('of PromptSRC are shallow with a wide early Gaussian across data sets, and long in few-shot runs', async () => {
    expect(await of({})).toMatchObject({
      epochs: 20,
      batchSize: 4,
      learningRate: 0.0025,
      methodOptions: { visionDepth: 9, textDepth: 9, gpaMean: 15, gpaStd: 1 },
    })
    for (const protocol of ['cross-dataset', 'domain-generalization'] as const) {
      expect(await of({ protocol })).toMatchObject({
        epochs: 20,
        methodOptions: { visionDepth: 3, textDepth: 3, gpaMean: 6, gpaStd: 10 },
      })
    }
    expect(await of({ protocol: 'few-shot', source: 'Food101' })).toMatchObject({
      epochs: 50,
      methodOptions: { gpaMean: 30, gpaStd: 30 },
    })
    expect(await of({ protocol: 'few-shot', source: 'EuroSAT' })).toMatchObject({
      epochs: 50,
      methodOptions: { gpaMean: 45, gpaStd: 5 },
    })
  })

  it('of MaPLe are shallower and slower across data sets', async () => {
    expect(await of({ method: 'maple' })).toMatchObject({ learningRate: 0.0035, methodOptions: { depth: 9 } })
    expect(await of({ method: 'maple', protocol: 'cross-dataset' })).toMatchObject({
      learningRate: 0.0026,
      methodOptions: { depth: 3 },
    })
  })

  it('of CoOp train longer on more shots, but not on ImageNet', async () => {
    const epochs = async (source: string, shots: number) =>
      (await of({ method: 'coop', protocol: 'few-shot', source, shots })).epochs
    expect(await Promise.all([1, 2, 4, 8, 16].map((shots) => epochs('EuroSAT', shots)))).toEqual([
      50, 100, 100, 200, 200,
    ])
    expect(await epochs('ImageNet', 16)).toBe(50)
  })

  it('move the Gaussian with another number of epochs', async () => {
    const { methodOptions } = await of({ protocol: 'cross-dataset', overrides: { epochs: 10 } })
    expect(methodOptions).toMatchObject({ gpaMean: 3, gpaStd: 10 })
    expect((await of({ overrides: { epochs: 40 } })).methodOptions).toMatchObject({ gpaMean: 30, gpaStd: 2 })
  })

  it('on the embedded data are those of the tiny model, with the protocol’s depth and Gaussian', async () => {
    const own = embeddedSettings('promptsrc', 'toy')
    expect(await of({ own, source: 'toy', protocol: 'cross-dataset' })).toMatchObject({
      epochs: 10,
      learningRate: 0.0005,
      methodOptions: { visionDepth: 3, textLossWeight: 6, gpaMean: 3, gpaStd: 10 },
    })
    expect(await of({ own, source: 'toy', protocol: 'few-shot' })).toMatchObject({
      epochs: 10,
      methodOptions: { visionDepth: 9, gpaMean: 6, gpaStd: 30 },
    })
  })

  it('can be resolved for every protocol and method', async () => {
    for (const protocol of protocols) {
      for (const method of Object.keys(methods)) {
        const settings = resolveSettings({ ...(await of({ protocol, method })), shots: 16, seed: 1 })
        expect(settings.method).toBe(method)
      }
    }
  })
})
