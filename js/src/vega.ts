// The drawing library, built as one file that a page loads at its first chart.
export { default as embed } from "vega-embed";
