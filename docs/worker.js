// The site's search runs in a worker, which browsers refuse to pages opened from disk: there a frame stands in for it.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      const answer = (data) => {
        const event = new MessageEvent("message", {data});
        this.onmessage?.(event);
        this.dispatchEvent(event);
      };
      inside.ask = [];
      inside.answer = answer;
      frame.contentDocument.open();
      frame.contentDocument.write(`<base href="${document.baseURI}"><script>
        const hear = window.addEventListener.bind(window);
        window.postMessage = (data) => parent.setTimeout(() => window.answer(data));
        window.importScripts = (...urls) => Promise.all(urls.map((url) => new Promise((done, failed) => {
          const script = document.createElement("script");
          Object.assign(script, {src: url, onload: done, onerror: failed});
          document.body.append(script);
        })));
      <\/script><body><script src="${url}"><\/script>`);
      frame.contentDocument.close();
      this.ready = new Promise((done) => { frame.onload = done; });
      this.inside = inside;
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new this.inside.MessageEvent("message", {data})));
    }

    terminate() {}
  };
}
