import { Command, Help } from 'commander'
import { packageVersion } from '../node/runs/environment.js'

/** A command as the list of all shows it, and where its own options stand. */
interface Entry {
  /** What follows the name in the list: `[options] <run> <data>`. */
  readonly usage: string
  readonly description: string
  /** Imports the command with everything that it needs. */
  readonly load: () => Promise<() => Command>
}

/** Commands as the help lists them: what one's own photos need first, then the measuring of methods. */
const groups: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  'Learn and use:': {
    demo: {
      usage: '[options]',
      description: 'adapt the embedded small CLIP to drawn pictures and compare methods, offline, in minutes',
      load: async () => (await import('./demo.js')).demoCommand,
    },
    studio: {
      usage: '[options] [folder]',
      description: 'collect pictures, train and try in a page on this computer',
      load: async () => (await import('./studio.js')).studioCommand,
    },
    train: {
      usage: '[options] [data] [KEY VALUE...]',
      description: 'learn prompts from few images a class',
      load: async () => (await import('./train.js')).trainCommand,
    },
    eval: {
      usage: '[options] <run> <data>',
      description: 'measure a run on the test images of a data set',
      load: async () => (await import('./eval.js')).evalCommand,
    },
    predict: {
      usage: '[options] <run> <image...>',
      description: 'name what images show',
      load: async () => (await import('./predict.js')).predictCommand,
    },
    sort: {
      usage: '[options] [run] [folder]',
      description: 'sort a folder of pictures into a folder a class, or write keywords for them; undo it',
      load: async () => (await import('./sort.js')).sortCommand,
    },
    clean: {
      usage: '[options] [data]',
      description: 'find copies, wrong labels and poor pictures in a data set, and move what you agree to',
      load: async () => (await import('./clean.js')).cleanCommand,
    },
    suggest: {
      usage: '[options] <run> <image...>',
      description: 'choose the images whose labels would help a run most',
      load: async () => (await import('./suggest.js')).suggestCommand,
    },
    export: {
      usage: '[options] <run>',
      description: 'write a run as models that stand alone: for transformers.js, ONNX, CLIP',
      load: async () => (await import('./export.js')).exportCommand,
    },
    serve: {
      usage: '[options] <run>',
      description: 'answer over HTTP what images show',
      load: async () => (await import('./serve.js')).serveCommand,
    },
    interpret: {
      usage: '[options] <run>',
      description: 'show the words near learned prompts, and where the image tower looks',
      load: async () => (await import('./interpret.js')).interpretCommand,
    },
  },
  'Baselines:': {
    'zero-shot': {
      usage: '[options] <data>',
      description: 'measure CLIP without any training on the test images of a data set',
      load: async () => (await import('./zero-shot.js')).zeroShotCommand,
    },
    'linear-probe': {
      usage: '[options] <data>',
      description:
        "train a linear classifier on CLIP's image features of few images, and measure it on the test images",
      load: async () => (await import('./linear-probe.js')).linearProbeCommand,
    },
  },
  'Compare and benchmark:': {
    compare: {
      usage: '[options] [data]',
      description: 'train several methods over several seeds, and compare base and novel accuracy and costs',
      load: async () => (await import('./compare.js')).compareCommand,
    },
    ablate: {
      usage: '[options] [data]',
      description: 'add PromptSRC’s regulators to a method one by one, and compare',
      load: async () => (await import('./ablate.js')).ablateCommand,
    },
    bench: {
      usage: '[options] <protocol>',
      description: 'run one of the papers’ benchmarks and tabulate it beside their figures',
      load: async () => (await import('./bench.js')).benchCommand,
    },
    paper: {
      usage: '[options] [table]',
      description: 'list the tables of the paper, or make one on the data that is there',
      load: async () => (await import('./paper.js')).paperCommand,
    },
    results: {
      usage: '[options] <folders...>',
      description: 'gather benchmark results into tables and a page, beside the figures of the paper',
      load: async () => (await import('./results.js')).resultsCommand,
    },
    units: {
      usage: '[options] <folders...>',
      description: 'do many runs of a comparison or benchmark, several at once or on a Slurm cluster',
      load: async () => (await import('./units.js')).unitsCommand,
    },
    unit: {
      usage: '[options] <folder>',
      description:
        'do one run of a comparison or benchmark: train, measure, and keep the figures in its folder',
      load: async () => (await import('./unit.js')).unitCommand,
    },
  },
  'Methods, models and data:': {
    methods: {
      usage: '[options] [method]',
      description: 'list the methods with paper, training settings and options, and the baselines',
      load: async () => (await import('./methods.js')).methodsCommand,
    },
    info: {
      usage: '[options] <model|run>',
      description: 'describe a model or a run',
      load: async () => (await import('./info.js')).infoCommand,
    },
    data: {
      usage: '',
      description: 'list data sets, unpack their archives, check them',
      load: async () => (await import('./data-command.js')).dataCommand,
    },
    toy: {
      usage: '[options] [folder]',
      description: 'write a drawn data set as image files, to try the other commands on',
      load: async () => (await import('./toy.js')).toyCommand,
    },
    cache: {
      usage: '[options] [action]',
      description:
        'show or clear what is kept on disk of images and texts, so that they are not computed twice',
      load: async () => (await import('./cache.js')).cacheCommand,
    },
    doctor: {
      usage: '[options]',
      description: 'show what this machine can compute with, and try every device',
      load: async () => (await import('./doctor.js')).doctorCommand,
    },
  },
  'Exchange with the Python code:': {
    configs: {
      usage: '[options] [name]',
      description: 'list the published configurations, or the keys of configuration files',
      load: async () => (await import('./configs.js')).configsCommand,
    },
    import: {
      usage: '[options] <checkpoint>',
      description: 'read a checkpoint of the PyTorch reference into a run',
      load: async () => (await import('./import.js')).importCommand,
    },
    parity: {
      usage: '[options] <path...>',
      description: 'replay reference data of the original code and compare',
      load: async () => (await import('./parity.js')).parityCommand,
    },
  },
}

const helpCommand = ['help [command]', 'display help for command'] as const

const examples = `
Examples:
  $ promptsrc demo
  $ promptsrc train photos --model ViT-B/16 --out runs/photos
      learns from photos/<class>/*.jpg
  $ promptsrc predict runs/photos new.jpg --add-class "border collie"
  $ promptsrc help train`

/**
 * The command line for these arguments, without side effects until it parses them. Of all commands only the one that
 * they name is imported; the others are there with name and description alone. Errors are thrown, not printed and
 * exited on.
 */
export async function program(args: readonly string[]): Promise<Command> {
  const root = new Command('promptsrc')
    .description(
      'Prompt learning for CLIP: adapt it to your own classes from few images, without forgetting the rest.',
    )
    .version(packageVersion())
    .addHelpText('after', examples)
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .commandsGroup('Methods, models and data:')
    .helpCommand(...helpCommand)
  const named = args.find((arg) => arg !== 'help' && !arg.startsWith('-'))
  for (const [heading, entries] of Object.entries(groups)) {
    for (const [name, { description, load }] of Object.entries(entries)) {
      const command = name === named ? (await load())() : new Command(name)
      root.addCommand(command.description(description).helpGroup(heading))
      for (const each of [command, ...command.commands]) each.copyInheritedSettings(root).exitOverride()
      // The root's own stands in a group of the root's.
      if (command.commands.length > 0) command.helpCommand(...helpCommand)
    }
  }
  const usages = new Map(
    Object.values(groups).flatMap((entries) =>
      Object.entries(entries).map(([name, { usage }]) => [name, `${name} ${usage}`.trimEnd()]),
    ),
  )
  const help = new Help()
  return root
    .configureHelp({
      subcommandTerm: (command) => usages.get(command.name()) ?? help.subcommandTerm(command),
    })
    .exitOverride()
}
