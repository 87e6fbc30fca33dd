import { type ExportPrecision, modelSuffixes, precisionsAmong } from './exporter.js'
import type { CardOptions } from './model-card.js'

/** Running code for an export, as Markdown. */
export function usage(format: string, options: CardOptions): string {
  return (texts[format] ?? (() => ''))(options)
}

const code = (language: string, lines: readonly string[]) => [`\`\`\`${language}`, ...lines, '```'].join('\n')

/** The third argument of a pipeline, where the library would look for a precision that the export does not have. */
function dtype({ models }: CardOptions, usual: ExportPrecision): string {
  const there = precisionsAmong(models)
  return there.includes(usual) ? '' : `, { dtype: '${there[0]}' }`
}

/** What is said of a folder's path in Node, and of the other precisions. */
function inNode({ models }: CardOptions): string {
  const [, ...others] = precisionsAmong(models).map((precision) => `\`{ dtype: '${precision}' }\``)
  const choice =
    others.length > 0 ? `, and ${others.join(' or ')} as a third argument takes another precision` : ''
  return `In Node the path must be absolute or begin with \`./\`${choice}.`
}

const pictures =
  'A picture of any size is shrunk by the model itself, as in training; pictures larger than the canvas in `preprocessor_config.json` are shrunk to it by the library before.'

const texts: Readonly<Record<string, (options: CardOptions) => string>> = {
  'transformers-js': (options) =>
    [
      code('js', [
        "import { pipeline } from '@huggingface/transformers'",
        '',
        `const classify = await pipeline('image-classification', 'PATH/OF/THIS/FOLDER'${dtype(options, 'fp32')})`,
        "console.log(await classify('photo.jpg', { top_k: 3 }))",
      ]),
      '',
      `${inNode(options)} In a page: put the folder beside it, and before the first call say that models are there:`,
      '',
      code('js', [
        "import { env, pipeline } from '@huggingface/transformers'",
        '',
        'env.allowRemoteModels = false',
        'env.allowLocalModels = true',
        "env.localModelPath = '/' // where the folder `model` lies",
        `const classify = await pipeline('image-classification', 'model'${dtype(options, 'q8')})`,
      ]),
      '',
      pictures,
    ].join('\n'),

  'transformers-js-open': ({ template, isSet, ...options }) =>
    [
      code('js', [
        "import { pipeline } from '@huggingface/transformers'",
        '',
        `const classify = await pipeline('zero-shot-image-classification', 'PATH/OF/THIS/FOLDER'${dtype(options, 'fp32')})`,
        `const hypothesis_template = ${JSON.stringify(template)}`,
        "console.log(await classify('photo.jpg', ['red bicycle', 'old bus'], { hypothesis_template }))",
      ]),
      '',
      inNode(options),
      '',
      `The template must be this one: what was learned stands where its words stand. The towers alone are \`CLIPVisionModelWithProjection\` and \`CLIPTextModelWithProjection\`, for texts of the same template; class weights can then be kept. ${isSet ? 'Text features are means over a set of prompts: multiply them with normalised image features as they are, without normalising them.' : 'Both give features that are not normalised.'}`,
      '',
      pictures,
    ].join('\n'),

  onnx({ template, preprocessing, closed, models }) {
    const end = `${modelSuffixes[precisionsAmong(models)[0]!]}.onnx`
    return [
      code(
        'python',
        [
          'import json, numpy, onnxruntime',
          'from PIL import Image',
          '',
          "manifest = json.load(open('promptsrc.json'))",
          "form, size = manifest['preprocessing'], manifest['preprocessing']['size']",
          "kind = Image.BICUBIC if form['interpolation'] == 'bicubic' else Image.BILINEAR",
          "picture = Image.open('photo.jpg').convert('RGB')",
          ...(preprocessing?.resize === 'squash'
            ? ['picture = picture.resize((size, size), kind)']
            : [
                'scale = size / min(picture.size)',
                'width, height = (size * side // min(picture.size) for side in picture.size)',
                'left, top = round((width - size) / 2), round((height - size) / 2)',
                'picture = picture.resize((width, height), kind).crop((left, top, left + size, top + size))',
              ]),
          "pixels = (numpy.asarray(picture, 'float32') / 255 - form['mean']) / form['std']",
          `session = onnxruntime.InferenceSession('onnx/classifier${end}')`,
          "pixels = pixels.transpose(2, 0, 1)[None].astype('float32')",
          "(logits,) = session.run(['logits'], {'pixel_values': pixels})",
          "print(manifest['classes'][logits[0].argmax()])",
        ].filter((line) => !line.startsWith('scale =')),
      ),
      '',
      `\`promptsrc.json\` says how pictures become pixels, which classes there are${closed ? '' : ', and the template'}. Any number of images can be given at once.${preprocessing?.frames ? ` An image is a clip: ${preprocessing.frames} frames at equal distances, each made as above, one behind the other, [clips, ${3 * preprocessing.frames}, size, size].` : ''}`,
      ...(template === undefined
        ? []
        : [
            '',
            `Other classes: \`onnx/model${end}\` takes \`input_ids\` [texts, tokens] (int64) beside \`pixel_values\` and gives \`logits_per_image\`; \`onnx/text_model${end}\` and \`onnx/vision_model${end}\` are its two towers. A text is ${JSON.stringify(template)} with the class name for \`{}\`, tokenised by \`tokenizer.json\` and padded at its end to the longest.`,
          ]),
    ].join('\n')
  },

  clip: ({ template }) =>
    [
      code('python', [
        'import torch, open_clip',
        'from PIL import Image',
        '',
        "model, _, preprocess = open_clip.create_model_and_transforms('local-dir:open_clip')",
        "tokenizer = open_clip.get_tokenizer('local-dir:open_clip')",
        `texts = tokenizer([${JSON.stringify(template)}.format(name) for name in ['red bicycle', 'old bus']])`,
        "image = preprocess(Image.open('photo.jpg')).unsqueeze(0)",
        'with torch.no_grad():',
        '    features = [model.encode_image(image, normalize=True), model.encode_text(texts, normalize=True)]',
        'print((model.logit_scale.exp() * features[0] @ features[1].T).softmax(-1))',
      ]),
      '',
      'Or with Hugging Face:',
      '',
      code('python', [
        'from transformers import CLIPModel, CLIPProcessor',
        '',
        "model = CLIPModel.from_pretrained('huggingface')",
        "processor = CLIPProcessor.from_pretrained('huggingface')",
      ]),
    ].join('\n'),
}
