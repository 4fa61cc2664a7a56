<?php
// Handles titles and descriptions like Rank Math: they are post meta.
define('RANK_MATH_VERSION', '1.0.220');
add_filter('pre_get_document_title', fn () => get_post_meta(get_the_ID(), 'rank_math_title', true));
add_action('wp_head', function () {
    $description = get_post_meta(get_the_ID(), 'rank_math_description', true);
    printf("<meta name=\"description\" content=\"%s\"/>\n", esc_attr($description));
});
