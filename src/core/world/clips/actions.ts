import type { RandomStream } from '../../random.js'
import type { Change } from '../render.js'

/** How an object changes in the course of a clip: its state at a time from 0 to 1. */
type Course = (time: number) => Change

/** What an object does, by the words that name it. `course` draws what differs from clip to clip. */
type Actions = Readonly<Record<string, (random: RandomStream) => Course>>

const between = (from: number, to: number, time: number): number => from + (to - from) * time
const eitherWay = (random: RandomStream): 1 | -1 => (random.uniform() < 0.5 ? 1 : -1)

/** A size of half to one and a half times the usual, from the smaller to the larger. */
const sizeAt = (time: number): number => between(0.5, 1.5, time)

/** What leaves its mark on the frames taken together, whichever way it goes: every clip draws its way. */
export const plainActions: Actions = {
  'at rest': () => () => ({}),
  'on the move': (random) => {
    const way = eitherWay(random)
    const row = random.uniform()
    return (time) => ({ column: way > 0 ? time : 1 - time, row })
  },
  'changing size': (random) => {
    const way = eitherWay(random)
    return (time) => ({ size: sizeAt(way > 0 ? time : 1 - time) })
  },
  turning: (random) => {
    const way = eitherWay(random)
    return (time) => ({ turn: way * 180 * time })
  },
  'changing colour': (random) => {
    const way = eitherWay(random)
    return (time) => ({ hue: way * 150 * (time - 0.5) })
  },
}

/** Pairs of which one is the other played backwards: no frame tells them apart, nor do all of them without their order. */
export const directedActions: Actions = {
  'moving right': (random) => {
    const row = random.uniform()
    return (time) => ({ column: time, row })
  },
  'moving left': (random) => {
    const row = random.uniform()
    return (time) => ({ column: 1 - time, row })
  },
  growing: () => (time) => ({ size: sizeAt(time) }),
  shrinking: () => (time) => ({ size: sizeAt(1 - time) }),
}
