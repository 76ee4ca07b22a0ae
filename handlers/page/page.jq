# The answer to GET /, from the event.
((.cookies // []) | map(select(startswith("visits=")) | .[7:] | tonumber? // 0) | first // 0) as $before
| ($before + 1) as $visits
| (.queryStringParameters.name // "you") as $name
| {
    statusCode: 200,
    headers: {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"},
    cookies: ["visits=\($visits); Path=/; SameSite=Lax"],
    body: @html "<!doctype html>
<html lang=\"en\">
<title>A page from Bash</title>
<style>body { font: 18px sans-serif; margin: 3em auto; max-width: 30em } img { float: right }</style>
<img src=\"/logo.png\" alt=\"\" width=\"96\" height=\"96\">
<h1>Hello, \($name)</h1>
<p>Visit number \($visits), by \(.requestContext.http.userAgent).</p>
<form><label>Name <input name=\"name\" value=\"\($name)\"></label> <button>Greet</button></form>
</html>
"
  }
