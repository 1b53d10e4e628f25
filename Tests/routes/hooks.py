"""What schemathesis must be told of our routes: how a body of records is written."""
import schemathesis


@schemathesis.serializer("application/x-ndjson")
def newline_delimited(ctx, value):
    if isinstance(value, bytes):
        return {"data": value}
    lines = value if isinstance(value, list) else [value]
    return {"data": "\n".join(str(line) for line in lines).encode("utf-8", "surrogatepass")}
