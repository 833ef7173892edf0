export async function settle(event: { data: { bill: string } }) {
  console.warn(`settled ${event.data.bill}`);
  return { settled: event.data.bill };
}

export function invoice(request: { pathParams: { number: string } }) {
  return { invoice: request.pathParams.number };
}

export async function call() {
  return (await fetch(`${process.env.INVOICE_FUNCTION}7`)).text();
}
