// A small panel above everything else, beside what opened it, until a click elsewhere.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

const GAP = 4;
const MARGIN = 8;

interface Props {
  anchor: HTMLElement;
  label: string;
  /** Whether the keyboard goes into the panel. */
  focus?: boolean;
  onClose(): void;
  children: ComponentChildren;
}

export function Popover({ anchor, label, focus = true, onClose, children }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = panel.current;
    if (!element) return;
    // the browser's top layer: an output cell would cut it off
    element.showPopover?.();
    place(element, anchor);
    if (focus) element.querySelector<HTMLElement>("input, button, [tabindex]")?.focus();
  }, [anchor, focus]);
  useLayoutEffect(() => {
    if (panel.current) place(panel.current, anchor);
  });
  useEffect(() => {
    const away = (event: Event) => {
      const target = event.target as Node;
      if (!panel.current?.contains(target) && !anchor.contains(target)) onClose();
    };
    const scrolled = (event: Event) => {
      const target = event.target as Node;
      if (panel.current?.contains(target)) return;
      // rows that go, as a filter is set here, make the grid scroll: that is no wish to leave
      const isGrid = target instanceof Element && target.classList.contains("ct-scroll");
      if (isGrid && panel.current) place(panel.current, anchor);
      else onClose();
    };
    const left = (event: FocusEvent) => {
      const next = event.relatedTarget;
      if (focus && next instanceof Node && !panel.current?.contains(next)) onClose();
    };
    const element = panel.current;
    element?.addEventListener("focusout", left);
    document.addEventListener("pointerdown", away, true);
    document.addEventListener("scroll", scrolled, true);
    return () => {
      element?.removeEventListener("focusout", left);
      document.removeEventListener("pointerdown", away, true);
      document.removeEventListener("scroll", scrolled, true);
    };
  }, [anchor, focus, onClose]);
  return (
    <div
      ref={panel}
      class="ct-popover"
      popover="manual"
      role="dialog"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
        else if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event, panel.current);
        event.stopPropagation();
      }}
    >
      {children}
    </div>
  );
}

/** Puts the panel below its anchor, or above where there is more room. */
function place(panel: HTMLElement, anchor: HTMLElement): void {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = window.innerHeight - box.bottom - GAP - MARGIN;
  const above = box.top - GAP - MARGIN;
  const up = height > below && above > below;
  const left = Math.max(MARGIN, Math.min(box.left, window.innerWidth - width - MARGIN));
  panel.style.left = `${left}px`;
  panel.style.top = up ? `${Math.max(MARGIN, box.top - GAP - height)}px` : `${box.bottom + GAP}px`;
  panel.style.maxHeight = `${Math.max(120, up ? above : below)}px`;
}

/** Moves the keyboard to the next button or field. */
function walk(event: KeyboardEvent, panel: HTMLElement | null): void {
  if (!panel) return;
  const target = event.target as HTMLElement;
  if (target instanceof HTMLInputElement && target.type === "number") return;
  const all = [...panel.querySelectorAll<HTMLElement>("input, button")];
  const next = all.indexOf(target) + (event.key === "ArrowDown" ? 1 : -1);
  all[Math.min(all.length - 1, Math.max(0, next))]?.focus();
  event.preventDefault();
}
