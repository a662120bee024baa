// Reads RFC 9457 problem documents out of answers, and words them when the answer holds none.

export interface Problem {
  title: string;
  detail: string;
}

export function fromResponse(xhr: XMLHttpRequest): Problem {
  const type = xhr.getResponseHeader("content-type") ?? "";
  if (type.includes("json")) {
    try {
      const body: unknown = JSON.parse(xhr.responseText);
      if (typeof body === "object" && body !== null) {
        const { title, detail } = body as Record<string, unknown>;
        if (typeof detail === "string" || typeof title === "string") {
          return {
            title: typeof title === "string" ? title : plain(xhr.status),
            detail: typeof detail === "string" ? detail : "",
          };
        }
      }
    } catch {
      // Not JSON after all; the status says what can be said.
    }
  }
  return { title: plain(xhr.status), detail: xhr.status === 0 ? "The connection broke before an answer came." : `Status ${xhr.status}.` };
}

function plain(status: number): string {
  if (status === 0) return "No answer";
  if (status === 403 || status === 404) return "Not found, or not yours to see";
  if (status === 409) return "Someone else changed this first";
  if (status === 413) return "Too large";
  if (status === 429) return "Too many requests: wait a moment";
  return status >= 500 ? "Watchbell could not do this" : "This was refused";
}
