// What a person tells the provider of the service about an answer.

import {make} from "./dom.js";

/** A form below an answer; nothing is sent but what is written in it and the fingerprint of the file. */
export function feedbackForm(row, page) {
  const message = make("textarea", {id: "feedback-message", maxlength: "4000", required: true});
  const contact = make(
    "input",
    {type: "text", id: "feedback-contact", maxlength: "200", autocomplete: "email", "aria-describedby": "feedback-note"}
  );
  const said = make("p", {role: "status"});
  const send = make("button", {type: "submit", class: "second"}, "Send");
  const form = make(
    "form",
    {class: "feedback", submit: (event) => void submit(event)},
    make(
      "label",
      { for: "feedback-message"
      },
      "Is the answer right? What do you know of the image?"
    ),
    message,
    make(
      "label",
      { for: "feedback-contact"
      },
      "How to reach you, only if you want an answer"
    ),
    contact,
    make(
      "p",
      {class: "soft small", id: "feedback-note"},
      "What you write is sent with the fingerprint of the file; the image is not."
    ),
    make("p", {class: "buttons"}, send),
    said,
  );

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    const told = {
      message: message.value.trim(),
      file_digest: row.source.file?.file_digest ?? undefined,
      contact: contact.value.trim() || undefined,
    };
    try {
      await page.service.feedback(told);
      said.textContent = "Thank you. It was received.";
      form.reset();
    } catch (error) {
      said.textContent = `It was not sent: ${error.message}`;
    }
    send.disabled = false;
  }

  return make("details", {}, make("summary", {}, "Tell us whether this is right"), form);
}
