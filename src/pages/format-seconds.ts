/** A duration in seconds with two digits, or whole seconds from 10 on. */
export const formatSeconds = (seconds: number): string =>
  seconds >= 10 ? seconds.toFixed(0) : seconds.toPrecision(2)
