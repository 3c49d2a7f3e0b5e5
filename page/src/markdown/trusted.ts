interface Policy {
  createHTML(text: string): string;
}

interface Factory {
  createPolicy(name: string, rules: Policy): Policy;
}

/**
 * The text as a document of its own, which nobody ever shows: nothing in it runs or is loaded. Only what the caller
 * copies out of it gets into the page. Null where a page's content policy forbids even that.
 */
export function inert(text: string, type: DOMParserSupportedType): Document | null {
  try {
    return new DOMParser().parseFromString(policy().createHTML(text), type);
  } catch {
    return null;
  }
}

let made: Policy | undefined;

/** Where a page requires trusted types, parsing is for those who have a policy (`trusted-types chatkit-inert`). */
function policy(): Policy {
  const rules: Policy = { createHTML: (text) => text };
  const { trustedTypes: factory } = globalThis as { trustedTypes?: Factory };
  return (made ??= factory?.createPolicy("chatkit-inert", rules) ?? rules);
}
