export async function settle(event: { data: { bill: string } }) {
  console.warn(`settled ${event.data.bill}`);
  return { settled: event.data.bill };
}
