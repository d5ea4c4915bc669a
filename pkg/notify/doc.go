// Package notify is what is told of orders after their decision, to whom and
// how: webhooks after the Standard Webhooks specification, and e-mail. It knows
// no database and no network: adapters keep the outbox and send.
//
// A message is one state that an order reached. Each message goes to every
// webhook endpoint and, when the customer gave one, to the order's e-mail
// address; one message to one of them is a delivery. What holds for deliveries:
//
//   - At least once. A delivery is repeated until it succeeded or is parked, so
//     a receiver may see a message twice. Its id (Message.ID) is the same each
//     time: receivers deduplicate by it.
//   - In order per order and receiver. A message waits until the earlier ones
//     of the same order have been delivered to that receiver, or parked.
//   - Retried with back-off for about a day (Judge), then parked. A parked
//     delivery stays visible and is tried again when somebody says so.
package notify
