"""The lesson's handler behind a front of its own, where the lesson has API Gateway and Lambda.

The front makes of each request the part of an HTTP API's event that the handler looks at, and calls it on a thread, as
boto3 waits for its answer. No key, no limit, no check: the lesson has none in its code.
"""

import asyncio

import handler


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    event = {"version": "2.0", "rawPath": scope["path"], "body": body.decode(), "isBase64Encoded": False}
    result = await asyncio.to_thread(handler.booking, event, None)
    answer = result["body"].encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": result["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": answer})
