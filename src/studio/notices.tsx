import type { Studio } from './store.js'

/** What happened, in a corner of the page; read out by screen readers. */
export function Notices({ studio: { notices, dismiss } }: { readonly studio: Studio }) {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.map(({ id, kind, message, hint, action }) => (
        <div class={`notice ${kind}`} key={id}>
          <p>
            <span>{message}</span> {hint && <small>{hint}</small>}
          </p>
          {action && (
            <button
              type="button"
              class="quiet"
              onClick={() => {
                dismiss(id)
                action.act()
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="quiet icon" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <path d="M5 5l10 10M15 5L5 15" />
            </svg>
          </button>
        </div>
      ))}
    </div>
  )
}
