// Preact by tagged templates, and the pieces of it that the views use.
import htm from "htm";
import { Component, h } from "preact";

export const html = htm.bind(h);
export { render } from "preact";

/** A component that is drawn again only when one of its properties is another one. */
export function memo(draw) {
  return class extends Component {
    shouldComponentUpdate(next) {
      const now = this.props;
      for (const name in next) if (next[name] !== now[name]) return true;
      return false;
    }
    render(props) {
      return draw(props);
    }
  };
}
export { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
