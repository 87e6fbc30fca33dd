/** An entry of a test archive; every field can be made to lie. */
export interface TarInput {
  readonly path: string
  readonly data?: Uint8Array | string
  /** 0: file, 1: hard link, 2: symbolic link, 3: device, 5: folder. */
  readonly type?: string
  readonly link?: string
  readonly size?: number
}

/** A tar archive of the given entries, with its end. */
export const tarOf = (inputs: readonly TarInput[]): Buffer =>
  Buffer.concat([...inputs.map(entryOf), Buffer.alloc(1024)])

function entryOf({ path, data = '', type = '0', link = '', size }: TarInput): Buffer {
  const content = Buffer.from(data)
  const header = Buffer.alloc(512)
  header.write(path, 0, 100)
  header.write('0000644\0', 100)
  header.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124)
  header.write(`${'0'.repeat(11)}\0`, 136)
  header.write(' '.repeat(8), 148)
  header.write(type, 156)
  header.write(link, 157, 100)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}
