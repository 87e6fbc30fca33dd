/** A decoded image: 8-bit RGB, rows top to bottom, 3 bytes a pixel (height x width x 3). */
export interface RgbImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}
