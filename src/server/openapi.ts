import { packageVersion } from '../node/runs/environment.js'
import type { RequestLimits } from './read-request.js'

const list = { type: 'array', items: { type: 'string' } } as const
const failure = (description: string) => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
})

/** The server in OpenAPI 3.1. */
export function openApi(
  classNames: readonly string[],
  {
    maxBytes,
    maxClasses,
    maxRequests,
    token,
  }: RequestLimits & { maxRequests: number; token?: string | undefined },
): Record<string, unknown> {
  const options = {
    classes: {
      ...list,
      description: `Classes to choose from in place of the run's; they need not have been trained. At most ${maxClasses}.`,
    },
    addClasses: { ...list, description: 'Classes beside them.' },
    top: { type: 'integer', minimum: 1, default: 5, description: 'Classes to answer with.' },
  }
  const binary = { schema: { type: 'string', format: 'binary', maxLength: maxBytes } }
  return {
    openapi: '3.1.0',
    info: {
      title: 'promptsrc serve',
      version: packageVersion(),
      description: `Classifies images. Classes unless a request names others: ${classNames.slice(0, 50).join(', ')}${classNames.length > 50 ? `, … (${classNames.length})` : ''}.`,
    },
    ...(token === undefined ? {} : { security: [{ token: [] }] }),
    paths: {
      '/classify': {
        post: {
          summary: 'Classify an image',
          parameters: Object.entries(options).map(([name, schema]) => ({
            name,
            in: 'query',
            schema,
            description: 'With the bytes of an image as the body.',
          })),
          requestBody: {
            required: true,
            content: {
              'image/*': binary,
              'application/octet-stream': binary,
              'multipart/form-data': {
                schema: {
                  type: 'object',
                  required: ['image'],
                  properties: { image: binary.schema, ...options },
                },
              },
              'application/json': {
                schema: {
                  type: 'object',
                  required: ['image'],
                  additionalProperties: false,
                  properties: {
                    image: {
                      type: 'string',
                      contentEncoding: 'base64',
                      description: 'In base64, or as a data URL.',
                    },
                    ...options,
                  },
                },
              },
            },
          },
          responses: {
            200: {
              description: 'The likely classes.',
              content: { 'application/json': { schema: { $ref: '#/components/schemas/Answer' } } },
            },
            400: failure('The request is none.'),
            401: failure('The token is missing or another.'),
            403: failure('Pages of this origin may not ask, or not by this name of the host.'),
            413: failure(`The image is larger than ${maxBytes} bytes.`),
            415: failure('The body is of another type.'),
            422: failure('The image cannot be read, or a class cannot be had.'),
            503: failure(
              `${maxRequests} requests are at work, or the server stops; try again after Retry-After seconds.`,
            ),
          },
        },
      },
      '/health': {
        get: {
          summary: 'Whether it answers',
          security: [],
          responses: { 200: { description: 'It does.' }, 503: { description: 'It does not, or stops.' } },
        },
      },
      '/metrics': {
        get: { summary: 'Counts for Prometheus', responses: { 200: { description: 'As text.' } } },
      },
    },
    components: {
      ...(token === undefined ? {} : { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
      schemas: {
        Answer: {
          type: 'object',
          required: ['answer', 'classes'],
          properties: {
            answer: {
              type: ['string', 'null'],
              description: 'The likeliest class; null where it is none of them.',
            },
            classes: {
              type: 'array',
              description: 'By falling probability.',
              items: {
                type: 'object',
                required: ['className', 'probability'],
                properties: {
                  className: { type: 'string' },
                  probability: { type: 'number', minimum: 0, maximum: 1 },
                  calibrated: { type: 'number', description: 'The same at the temperature of the run.' },
                },
              },
            },
            score: { type: 'number', description: 'How far the likeliest class stands out.' },
            accepted: { type: 'boolean', description: 'False where the score is below the threshold.' },
            threshold: { type: 'number' },
          },
        },
        Error: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
      },
    },
  }
}
