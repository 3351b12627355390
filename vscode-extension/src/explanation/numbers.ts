/** A weight with its sign, which is what matters most about it. */
export function signed(weight: number): string {
  const digits = Math.abs(weight).toFixed(2);
  return `${weight < 0 ? "−" : "+"}${digits}`;
}

export function decimal(value: number): string {
  return value.toFixed(2).replace("-", "−");
}
