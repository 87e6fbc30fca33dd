import { readableClassName } from '../clip/templates.js'
import { counted } from '../counted.js'
import type { Run } from '../evaluate/create-classifier.js'
import {
  type ExportFile,
  type ExportParts,
  type ExportPrecision,
  precisionsAmong,
  textFile,
} from './exporter.js'
import { usage } from './usage.js'

/** Accuracy of a run on a part of a data set. */
export interface MeasuredAccuracy {
  readonly data: string
  readonly classes: string
  readonly images: number
  /** Percent. */
  readonly accuracy: number
}

/** What is known of a run beside its prompts. */
export interface RunFacts {
  /** Name of the data it was trained on, and how many images there were to draw from. */
  readonly data?: { readonly name: string; readonly images: number } | undefined
  readonly settings?:
    | { readonly shots?: number; readonly epochs?: number; readonly seed?: number }
    | undefined
  readonly measured?: readonly MeasuredAccuracy[] | undefined
}

/** What a card tells of. */
export interface CardOptions extends ExportParts {
  readonly run: Run
  readonly facts?: RunFacts | undefined
}

/** OpenAI's models on the Hub. */
const onHub: Readonly<Record<string, string>> = {
  'ViT-B/32': 'openai/clip-vit-base-patch32',
  'ViT-B/16': 'openai/clip-vit-base-patch16',
  'ViT-L/14': 'openai/clip-vit-large-patch14',
  'ViT-L/14@336px': 'openai/clip-vit-large-patch14-336',
}

/** What is known of the licence of a base model. */
function licenceOf(name: string): { readonly id: string; readonly text: string } {
  if (name === 'tiny' || name.startsWith('tiny-')) {
    return { id: 'mit', text: 'The base model is a part of promptsrc and under its licence, MIT.' }
  }
  if (name === 'emoji') {
    return {
      id: 'other',
      text: 'The base model is a part of promptsrc (MIT), pre-trained on emoji of other artists under Apache 2.0, MIT and CC BY 4.0, who are named in its assets/emoji-art/NOTICE.md.',
    }
  }
  if (/^(RN\d+(x\d+)?|ViT-[BL]\/\d+(@336px)?)$/.test(name)) {
    return {
      id: 'mit',
      text: `The base model, ${name}, is OpenAI's. Its code and weights were published under the MIT licence; its model card asks for no deployment, commercial or not, without a study of the use.`,
    }
  }
  return {
    id: 'other',
    text: `This model contains weights of ${name} and is under its licence, which is stated where that model comes from. Write its name in place of "other" above before you publish this.`,
  }
}

const weights: Readonly<Record<ExportPrecision, string>> = {
  fp32: 'as float32',
  fp16: 'as float16 (`_fp16`)',
  q8: 'as 8-bit integers with a scale for every output (`_quantized`)',
  int8: 'as 8-bit integers that are multiplied with 8-bit activations (`_int8`)',
}

/** In what numbers the models keep their weights, where any are graphs. */
function weightsOf(models: CardOptions['models']): string[] {
  const kept = precisionsAmong(models).map((precision) => weights[precision])
  if (kept.length === 0) return []
  const listed = kept.length > 1 ? `${kept.slice(0, -1).join(', ')}, or ${kept.at(-1)}` : kept[0]
  const other = precisionsAmong(models).includes('int8') ? ' but `_int8`' : ''
  return [`All${other} compute in float32. Weights are kept ${listed}.`, '']
}

/** Text in a line of YAML. */
const quoted = (text: string) => JSON.stringify(text)

/** README.md: how the export is used, and its model card with the Hub's metadata. */
export function modelCard(format: string, options: CardOptions): ExportFile {
  return textFile('README.md', `${metadata(format, options)}\n${body(format, options)}`)
}

function metadata(format: string, { run, facts, template, closed }: CardOptions): string {
  const { name } = run.prompts.model
  const base = onHub[name] ?? (/^[\w.-]+\/[\w.-]+$/.test(name) ? name : undefined)
  const open = template !== undefined && closed === undefined
  const measured = facts?.measured ?? []
  const results = measured.flatMap(({ data, classes, accuracy }) => [
    '      - task:',
    '          type: image-classification',
    '        dataset:',
    `          name: ${quoted(`${data}, ${classes}`)}`,
    `          type: ${quoted(data)}`,
    '        metrics:',
    '          - type: accuracy',
    `            value: ${accuracy.toFixed(2)}`,
  ])
  return [
    '---',
    `library_name: ${format.startsWith('transformers-js') ? 'transformers.js' : format === 'onnx' ? 'onnx' : 'open_clip'}`,
    `pipeline_tag: ${open && format !== 'onnx' ? 'zero-shot-image-classification' : 'image-classification'}`,
    `license: ${licenceOf(name).id}`,
    ...(base ? [`base_model: ${base}`] : []),
    'tags:',
    ...[...new Set(['clip', 'few-shot', 'prompt-learning', 'promptsrc', run.prompts.method.name])].map(
      (tag) => `  - ${tag}`,
    ),
    ...(results.length > 0
      ? [
          'model-index:',
          `  - name: ${quoted(`${run.prompts.method.title} on ${facts?.data?.name ?? 'own classes'}`)}`,
          '    results:',
          ...results,
        ]
      : []),
    '---',
  ].join('\n')
}

function body(format: string, options: CardOptions): string {
  const { run, classNames, facts, template, closed, models } = options
  const { method, model } = run.prompts
  const { data, settings, measured = [] } = facts ?? {}
  const of = data ? ` on ${data.name}` : ''
  const drawn = [
    settings?.shots ? `${counted(settings.shots, 'image')} a class were drawn` : undefined,
    settings?.epochs ? counted(settings.epochs, 'epoch') : undefined,
    settings?.seed !== undefined ? `seed ${settings.seed}` : undefined,
  ].filter((part) => part !== undefined)
  const lines = [
    '',
    `# ${method.title}${of}`,
    '',
    `${model.name} adapted by ${method.title} (${method.paper}) with [promptsrc](https://www.npmjs.com/package/promptsrc): ${method.summary}.`,
    '',
    '## Use',
    '',
    usage(format, options),
    '',
    ...(models.length > 0
      ? [
          '## Models',
          '',
          '| file | bytes |',
          '| --- | ---: |',
          ...models.map(({ path, size }) => `| \`${path}\` | ${size} |`),
          '',
          ...weightsOf(models),
        ]
      : []),
    '## Classes',
    '',
    `${template !== undefined && closed === undefined ? 'Trained on' : 'It knows'} ${counted(classNames.length, 'class', 'classes')}: ${classNames.map((name) => readableClassName(name).replaceAll(/[\\`*_[\]<>]/g, '\\$&')).join(', ')}.`,
    ...(closed ? ['', `It takes no others: ${closed}.`] : []),
    '',
    '## Training data',
    '',
    data
      ? `${data.name}: ${counted(data.images, 'training image')}${drawn.length > 0 ? `; ${drawn.join(', ')}` : ''}.`
      : 'Not recorded with the prompts that were exported.',
    '',
    '## Figures',
    '',
    ...(measured.length > 0
      ? [
          '| data | classes | images | accuracy |',
          '| --- | --- | ---: | ---: |',
          ...measured.map(
            ({ data, classes, images, accuracy }) =>
              `| ${data} | ${classes} | ${images} | ${accuracy.toFixed(2)} % |`,
          ),
        ]
      : ['None were measured before the export: `promptsrc eval` measures the run.']),
    '',
    '## Intended use and limits',
    '',
    'Made for pictures like those it was trained on. It names one of its classes for every picture, also for one of something else: a probability is no measure of whether any class fits. What the base model has learned from pictures and texts of the web, its preferences and gaps included, is in this model too: look at its mistakes on your own pictures, group by group, before you rely on it, and do not use it to judge people.',
    '',
    '## Licence',
    '',
    licenceOf(model.name).text,
    '',
  ]
  return lines.join('\n')
}
