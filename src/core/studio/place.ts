import type { ClassProbability } from '../evaluate/predict.js'
import type { StudioReport } from './report.js'
import type { TrainingState } from './training-state.js'

/** A picture of a project: the class that it lies in, and its name there. */
export interface PictureRef {
  readonly classId: string
  readonly name: string
}

/** A class of a project. */
export interface StudioClass {
  /** Name of its folder. */
  readonly id: string
  /** As people and CLIP read it. */
  readonly name: string
  /** Names of its pictures. */
  readonly pictures: readonly string[]
}

/** A training of a project, finished or not. */
export interface RunSummary {
  readonly name: string
  /** When it was begun, as ISO 8601 has it. */
  readonly begun: string
  readonly model: string
  readonly method: string
  readonly classNames: readonly string[]
  readonly finished: boolean
  /** Epochs that are kept, of all. */
  readonly done: number
  readonly epochs: number
  /** Shares of right answers on pictures that were not learned from, in percent; null before they are measured. */
  readonly accuracy: { readonly trained: number; readonly zeroShot: number; readonly pictures: number } | null
}

/** Everything that a page shows of a project. */
export interface Project {
  readonly name: string
  /** Where it is kept, in words. */
  readonly location: string
  readonly classes: readonly StudioClass[]
  /** The newest first. */
  readonly runs: readonly RunSummary[]
  /** Pictures and classes whose removal can be undone. */
  readonly removed: number
  /** What was found that cannot be used. */
  readonly problems: readonly string[]
  /** Largest file of a picture, in bytes, and most pictures of a class. */
  readonly limits: { readonly pictureBytes: number; readonly classPictures: number }
}

/** A model to learn with. */
export interface ModelChoice {
  /** As `loadModel` takes it. */
  readonly name: string
  readonly title: string
  readonly about: string
  /** Whether it is there without a download. */
  readonly here: boolean
  /** Bytes to download; absent where nobody knows. */
  readonly bytes?: number
  /** Where from. */
  readonly host?: string
}

/** How to train. */
export interface TrainChoice {
  readonly model: string
  /** Whether the model may be downloaded. */
  readonly download: boolean
  /** Learned by gradient (PromptSRC), or in closed form from frozen features. */
  readonly pace: 'thorough' | 'quick'
  /** Pictures of a class to learn from. */
  readonly shots: number
  /** Passes over them; of a quick training there is one. */
  readonly epochs: number
}

/** What became of a picture that was to be added. */
export type AddedPicture =
  | { readonly outcome: 'added'; readonly name: string }
  /** The same file is there. */
  | { readonly outcome: 'known'; readonly where: PictureRef }

/** What a run says of a picture. */
export interface StudioAnswer {
  /** The likeliest class; null for none of them. */
  readonly answer: string | null
  /** All classes, the likeliest first. */
  readonly classes: readonly ClassProbability[]
  /** Whether "none of these" can be told apart at all. */
  readonly canReject: boolean
}

/** What is changed while a page looks on. */
export interface PlaceEvents {
  training(state: TrainingState): void
  /** Classes, pictures or runs are others than they were. */
  changed(): void
  /** Whether the place can be reached. */
  connected(there: boolean): void
}

/** What a run can be taken away as. */
export interface DownloadChoice {
  readonly format: string
  readonly title: string
  readonly about: string
}

/**
 * Where a project is kept and computed: this computer, by HTTP, or this tab. Every method that fails throws a UserError that
 * says what happened, with what to do as its hint.
 */
export interface Place {
  readonly kind: 'computer' | 'tab'
  project(): Promise<Project>
  /** Adds a class without pictures; gives its id. */
  addClass(name: string): Promise<string>
  renameClass(classId: string, name: string): Promise<void>
  /** Puts a class with its pictures aside. */
  removeClass(classId: string): Promise<void>
  addPicture(classId: string, picture: Blob, name: string): Promise<AddedPicture>
  /** Gives where it lies then: it may have got another name, where one of its name was there. */
  movePicture(picture: PictureRef, to: string): Promise<PictureRef>
  /** Puts a picture aside. */
  removePicture(picture: PictureRef): Promise<void>
  /** Brings back what was put aside last. */
  undoRemoval(): Promise<void>
  /** Adds classes with drawn pictures, to try the studio with. */
  addExample(): Promise<void>
  /** Address of a picture, small or as it is; to be given back to {@link releaseUrl}. */
  pictureUrl(picture: PictureRef, size: 'small' | 'large'): Promise<string>
  releaseUrl(url: string): void
  models(): Promise<readonly ModelChoice[]>
  /** Finds out about a model by its name or path. */
  findModel(name: string): Promise<ModelChoice>
  /** Begins a training, and returns when it has begun. */
  train(choice: TrainChoice): Promise<void>
  /** Goes on with a training that was stopped. */
  resume(run: string): Promise<void>
  stop(): Promise<void>
  watch(events: PlaceEvents): () => void
  report(run: string): Promise<StudioReport>
  classify(
    run: string,
    picture: Blob,
    addClasses: readonly string[],
    signal?: AbortSignal,
  ): Promise<StudioAnswer>
  downloads(run: string): Promise<readonly DownloadChoice[]>
  /** Hands the run to the person as a file. */
  download(run: string, format: string): Promise<void>
}
