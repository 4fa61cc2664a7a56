<?php
// For php -S, which by itself answers 404 to any address with a dot that is no file
// (/wp-json/oembed/1.0, robots.txt, wp-sitemap.xml).
$root = $_SERVER['DOCUMENT_ROOT'];
$base = getenv('IGNY8_SITE_PATH') ?: '';
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/');
if (preg_match('#/\.(?!well-known)#', $path) || strpos("$path/", "$base/") !== 0) {
    http_response_code(404);
    return true;
}
if (is_dir($root . $path) && is_file(rtrim($root . $path, '/') . '/index.php')) {
    if (substr($path, -1) !== '/') {
        header("Location: $path/", true, 301);
        return true;
    }
    return false;
}
if (is_file($root . $path)) {
    return false;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = "$base/index.php";
$_SERVER['SCRIPT_FILENAME'] = "$root$base/index.php";
unset($_SERVER['PATH_INFO']);
chdir($root . $base);
require "$root$base/index.php";
